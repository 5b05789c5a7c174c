"""A prediction of DSPy, by OpenInference."""

from common import SESSION, TIME_QUESTION, USER, make_provider
from openinference.instrumentation import using_attributes

provider = make_provider()
from openinference.instrumentation.dspy import DSPyInstrumentor  # noqa: E402

DSPyInstrumentor().instrument()
import dspy  # noqa: E402

dspy.configure(lm=dspy.LM("openai/gpt-4o-mini", cache=False))
with using_attributes(session_id=SESSION, user_id=USER):
    dspy.Predict("question -> answer")(question=TIME_QUESTION)
provider.shutdown()
