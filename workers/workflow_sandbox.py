"""What workflow code may import: a list, so that an I/O library in a workflow stops the worker at its start."""

import warnings
from dataclasses import replace

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

# Pure modules only. Each is shared between workflows instead of being loaded again for every one of them.
IMPORTABLE = (
    "annotated_types",
    "babel",
    "opentelemetry",
    "policies",
    "pydantic",
    "pydantic_core",
    "typing_extensions",
    "typing_inspection",
    "activities.catalog",
    "activities.desk",
    "activities.desk_ports",
    "activities.errors",
    "activities.event_log",
    "activities.hydration",
    "activities.inference_asks",
    "activities.ingest_steps",
    "activities.policy_store",
    "activities.ports",
    "activities.readback",
    "activities.screening",
    "activities.tools",
    "activities.understanding",
    "activities.webhooks",
    "workflows.desk",
    "workflows.ingest_messages",
    "workflows.messages",
    "workflows.people",
    "workflows.record",
    "workflows.talk",
    "workflows.webhook_messages",
)
# Temporal can raise here by itself, but then workflows' own modules had to be on the list as well; a listed module
# escapes the sandbox's checks for clocks, chance and I/O, and those modules are what the checks are for.
_UNLISTED = r"Module (?!workflows\b)\S+ was not intentionally passed through"
_OURS = r"Module workflows\b\S* was not intentionally passed through"


def sandboxed_runner() -> SandboxedWorkflowRunner:
    """Build the runner that refuses an import that is neither listed nor a workflow module of ours."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*IMPORTABLE)
    policy = (
        SandboxImportNotificationPolicy.WARN_ON_UNINTENTIONAL_PASSTHROUGH
        | SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
    )
    warnings.filterwarnings("error", message=_UNLISTED)
    warnings.filterwarnings("ignore", message=_OURS)
    return SandboxedWorkflowRunner(restrictions=replace(restrictions, import_notification_policy=policy))
