"""LangSmith's SDK in its OpenTelemetry mode, under LangChain."""

import os

os.environ.update(
    LANGSMITH_OTEL_ENABLED="true",
    LANGSMITH_OTEL_ONLY="true",
    LANGSMITH_TRACING="true",
    LANGSMITH_API_KEY="lsv2_fake",
    LANGSMITH_ENDPOINT=os.environ["OTLP_URL"],
    LANGSMITH_PROJECT="weather-project",
)

from common import make_provider  # noqa: E402

provider = make_provider()

from langchain_turn import run_turn  # noqa: E402
from langsmith import Client  # noqa: E402
from langsmith.run_trees import get_cached_client  # noqa: E402

run_turn()
get_cached_client().flush()
import time  # noqa: E402

time.sleep(2)
provider.force_flush()
os._exit(0)
