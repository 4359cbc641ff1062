"""What goes over the wire under /v1, as types: FastAPI checks requests by them and writes the OpenAPI from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

__all__ = [
    "Classification",
    "Classified",
    "ClassifyRequest",
    "CorrectionRequest",
    "DigitRead",
    "ModelList",
    "Problem",
    "ReadingAnswer",
]

Level = Annotated[StrictInt, Field(ge=0, le=255)]
Row = Annotated[list[Level], Field(min_length=28, max_length=28)]
Picture = Annotated[
    list[Row], Field(min_length=28, max_length=28, description="28 rows of 28 grey levels, 0 paper to 255 ink.")
]
Value = Annotated[StrictInt, Field(ge=0, le=9)]
Share = Annotated[float, Field(ge=0, le=1)]
Shares = Annotated[list[Share], Field(min_length=10, max_length=10)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClassifyRequest(_Strict):
    """Pictures that are single digits already, and which models are asked."""

    images: Annotated[list[Picture], Field(min_length=1, max_length=1000)]
    models: Annotated[list[str] | None, Field(description="Without it, the default model.", max_length=16)] = None
    explain: Annotated[StrictBool, Field(description="Also say which ink the answers rest on.")] = False


class Classified(BaseModel):
    """What one model says of one picture."""

    value: Value
    probability: Share
    probabilities: Shares
    evidence: Annotated[
        list[list[float]] | None,
        Field(description="28 x 28 nats: how much each pixel's ink speaks for `value`, below zero against it."),
    ] = None


class ModelAnswers(BaseModel):
    """What one model says of all pictures, in their order."""

    model: str
    pictures: list[Classified]


class Classification(BaseModel):
    """The answers of every model that was asked."""

    results: list[ModelAnswers]


class CorrectionRequest(_Strict):
    """A picture as the network saw it, and the digit that it really is."""

    image: Picture
    label: Value


class Correction(BaseModel):
    """Where a correction is kept, below the folder of corrections."""

    file: str


class ModelAbout(BaseModel):
    """One model."""

    name: str
    network: str
    acceptance_threshold: Share
    trained_on: Annotated[str, Field(description="SHA-256 of the training data.")]
    figures: dict[str, Any]


class ModelList(BaseModel):
    """All models that are served."""

    default: str
    corrections: Annotated[bool, Field(description="Whether POST /v1/corrections keeps anything.")]
    models: list[ModelAbout]


class DigitRead(BaseModel):
    """One piece of ink that may be a digit."""

    value: Value
    probability: Share
    second: Value
    second_probability: Share
    outcome: Literal["digit", "unsure", "not_a_digit"]
    box: Annotated[list[int], Field(description="x, y, width, height in pixels of the upright picture.")]
    row: int
    probabilities: Shares
    network_input: Annotated[list[list[int]], Field(description="What the network saw: 28 x 28, white ink on black.")]


class ReadingAnswer(BaseModel):
    """One picture, read."""

    path: str
    page: int
    outcome: Literal["read", "blank", "nothing_accepted", "error"]
    string: Annotated[str, Field(description="The accepted digits in reading order, rows parted by line breaks.")]
    error: str | None
    size: Annotated[list[int], Field(description="Width and height of the upright picture in pixels.")]
    digits: list[DigitRead]


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
