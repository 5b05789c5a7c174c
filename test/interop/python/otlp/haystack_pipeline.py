"""A pipeline of Haystack by its own tracing."""

import os

os.environ.update(HAYSTACK_CONTENT_TRACING_ENABLED="true", HAYSTACK_TELEMETRY_ENABLED="False")

from common import MODEL, QUESTION, SYSTEM, TIME_QUESTION, make_provider  # noqa: E402

provider = make_provider()
from haystack import Pipeline, tracing  # noqa: E402
from haystack.components.builders import ChatPromptBuilder  # noqa: E402
from haystack.components.generators.chat import OpenAIChatGenerator  # noqa: E402
from haystack.dataclasses import ChatMessage  # noqa: E402
from haystack_integrations.tracing.opentelemetry import OpenTelemetryTracer  # noqa: E402
from opentelemetry import trace  # noqa: E402

tracing.enable_tracing(OpenTelemetryTracer(trace.get_tracer("haystack")))
tracing.tracer.is_content_tracing_enabled = True
pipeline = Pipeline()
template = [ChatMessage.from_system(SYSTEM), ChatMessage.from_user("{{question}}")]
pipeline.add_component("prompt", ChatPromptBuilder(template=template, required_variables=["question"]))
pipeline.add_component("llm", OpenAIChatGenerator(model=MODEL))
pipeline.connect("prompt.prompt", "llm.messages")
pipeline.run({"prompt": {"question": TIME_QUESTION}})
provider.shutdown()
