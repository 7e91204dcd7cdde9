"""The two kinds of value every room exchanges: facts that travel through history, and files that people write."""

from pydantic import BaseModel, ConfigDict


class Fact(BaseModel):
    """A frozen value that may lie in workflow history: unknown fields are ignored, so a rolling deploy decodes."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Written(BaseModel):
    """A frozen value that a person or a stranger's program wrote: unknown fields are refused with their name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
