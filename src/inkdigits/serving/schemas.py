"""The types of requests and responses: FastAPI checks requests by them, and /openapi.json is generated from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    RootModel,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

__all__ = [
    "Classification",
    "ClassifyRequest",
    "Correction",
    "CorrectionRequest",
    "InferRequest",
    "InferResponse",
    "Live",
    "ModelList",
    "ModelMetadata",
    "ModelReady",
    "ModelStatistics",
    "Problem",
    "ProtocolError",
    "ReadQuery",
    "Readings",
    "Ready",
    "RepositoryIndex",
    "ServerMetadata",
    "first_error",
]


def first_error(error: ValidationError, whole: str) -> str:
    """The first of pydantic's errors and its place; `whole` names the value where it has no place in it."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or whole}: {first['msg']}"


def _expected(what: str) -> WrapValidator:
    """Have a type say what it expects as a whole, in place of pydantic's message about the first part that differs."""

    def validate(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            raise PydanticCustomError("expected", "expected {what}", {"what": what}) from None

    return WrapValidator(validate)


GreyLevel = Annotated[StrictInt, Field(ge=0, le=255)]
# The first error of a list is enough: there may be one for each of a million numbers.
PixelRow = Annotated[list[GreyLevel], FailFast(), Field(min_length=28, max_length=28)]
Pixels = Annotated[
    list[PixelRow],
    FailFast(),
    Field(min_length=28, max_length=28, description="28 rows of 28 grey levels, 0 paper to 255 ink."),
]
DigitValue = Annotated[StrictInt, Field(ge=0, le=9)]
Probability = Annotated[float, Field(ge=0, le=1)]
Probabilities = Annotated[list[Probability], Field(min_length=10, max_length=10)]
_RegionText = Annotated[str, Field(pattern="^[0-9]{1,6},[0-9]{1,6},[0-9]{1,6},[0-9]{1,6}$")]


class _StrictModel(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReadQuery(BaseModel):
    """The query of a request to read pictures."""

    region: Annotated[
        _RegionText | SkipJsonSchema[None],
        Field(description="Read only there: x,y,width,height in pixels of the upright picture."),
        _expected("x,y,width,height in pixels"),
    ] = None
    length: Annotated[
        Annotated[int, Field(ge=1, le=1000)] | SkipJsonSchema[None],
        Field(description="How many digits there are, where it is known."),
        _expected("the number of digits, 1 to 1000"),
    ] = None


class ClassifyRequest(_StrictModel):
    """Pictures of single digits, and the models that classify them."""

    images: Annotated[list[Pixels], FailFast(), Field(min_length=1, max_length=1000)]
    models: Annotated[list[str] | None, Field(description="Without it, the default model.", max_length=16)] = None
    explain: Annotated[StrictBool, Field(description="Also return the evidence of each pixel.")] = False


class ClassifiedPicture(BaseModel):
    """The prediction of one model for one picture."""

    value: DigitValue
    probability: Probability
    probabilities: Probabilities
    evidence: Annotated[
        list[list[float]] | None,
        Field(description="28 x 28 nats: how much each pixel's ink supports `value`; below zero: contradicts it."),
    ] = None


class ModelPredictions(BaseModel):
    """The predictions of one model, in the order of the pictures."""

    model: str
    pictures: list[ClassifiedPicture]


class Classification(BaseModel):
    """The predictions of every model that was asked for."""

    results: list[ModelPredictions]


class CorrectionRequest(_StrictModel):
    """A picture as the network received it, and its true digit."""

    image: Pixels
    label: DigitValue


class Correction(BaseModel):
    """The file of a correction, relative to the folder of corrections."""

    file: str


class ServedModelInfo(BaseModel):
    """One model."""

    name: str
    network: str
    acceptance_threshold: Probability
    trained_on: Annotated[str, Field(description="SHA-256 of the training data.")]
    figures: dict[str, Any]


class ModelList(BaseModel):
    """All models that are served."""

    default: str
    corrections: Annotated[bool, Field(description="Whether POST /v1/corrections keeps anything.")]
    models: list[ServedModelInfo]


class DigitRead(BaseModel):
    """A component of ink that may be a digit."""

    value: DigitValue
    probability: Probability
    second: DigitValue
    second_probability: Probability
    outcome: Literal["digit", "unsure", "not_a_digit"]
    box: Annotated[list[int], Field(description="x, y, width, height in pixels of the upright picture.")]
    row: int
    probabilities: Probabilities
    network_input: Annotated[list[list[int]], Field(description="28 x 28, white ink on black.")]


class SeparatorRead(BaseModel):
    """What stands after a digit and is no digit."""

    character: Literal[".", ",", ":", "-", "/"]
    box: Annotated[list[int], Field(description="x, y, width, height in pixels of the upright picture.")]
    row: int


class PictureRead(BaseModel):
    """One page of a picture, read."""

    path: Annotated[str, Field(description="The file's name in the form; empty for a picture sent as the body.")]
    page: Annotated[int, Field(description="The page or frame of its file, from 1.")]
    outcome: Literal["read", "blank", "nothing_accepted", "error"]
    string: Annotated[str, Field(description="The accepted digits in reading order, rows separated by line breaks.")]
    error: Annotated[str | None, Field(description="Why the picture cannot be read, for the outcome `error`.")]
    size: Annotated[list[int], Field(description="Width and height of the upright picture in pixels.")]
    rotation: Annotated[
        Literal[0, 90, 180, 270], Field(description="How many degrees clockwise the writing is turned in the picture.")
    ]
    notes: Annotated[list[str], Field(description='What else is to be known, such as "8 of 10 digits were found".')]
    digits: list[DigitRead]
    separators: list[SeparatorRead]


class Readings(BaseModel):
    """A reading of each page, in the order of the files and their pages."""

    readings: list[PictureRead]


class Problem(BaseModel):
    """An error, as in RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


class ProtocolError(BaseModel):
    """An error of the Open Inference Protocol."""

    error: str


class Live(BaseModel):
    """That the server is alive."""

    live: bool


class Ready(BaseModel):
    """Whether new requests are welcome."""

    ready: bool


class ModelReady(Ready):
    """Whether a model is ready."""

    name: str


class TensorMetadata(BaseModel):
    """A tensor of a model; -1 is any number of pictures."""

    name: str
    datatype: str
    shape: list[int]


class ServerMetadata(BaseModel):
    """The server, as the Open Inference Protocol describes it."""

    name: str
    version: str
    extensions: list[str]


class ModelMetadata(BaseModel):
    """A model, as the Open Inference Protocol describes it."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class RepositoryEntry(BaseModel):
    """A model in the index of the protocol's repository extension."""

    name: str
    version: str
    state: Literal["READY"]
    reason: str


class RepositoryIndex(RootModel[list[RepositoryEntry]]):
    """All models."""


class StatisticsOfModel(BaseModel):
    """A model's work since its worker was started, as the protocol's statistics extension has it."""

    name: str
    version: str
    last_inference: Annotated[int, Field(description="Milliseconds since 1970; 0 before the first.")]
    inference_count: Annotated[int, Field(description="Pictures.")]
    execution_count: Annotated[int, Field(description="Batches.")]
    inference_stats: dict[str, dict[str, int]]
    batch_stats: list[dict[str, Any]]


class ModelStatistics(BaseModel):
    """The statistics of one model or all."""

    model_stats: list[StatisticsOfModel]


class InputParameters(BaseModel):
    """For data that follow the JSON as bytes: how many."""

    binary_data_size: Annotated[StrictInt | None, Field(ge=0)] = None


class InputTensor(BaseModel):
    """The pictures."""

    name: Literal["images"]
    datatype: Annotated[Literal["UINT8"], _expected("UINT8, 0 paper to 255 ink")]
    shape: Annotated[
        tuple[Annotated[StrictInt, Field(ge=0)], Literal[28], Literal[28]], _expected("the shape [n, 28, 28]")
    ]
    data: Annotated[list[Any] | None, Field(description="Flat or nested, 0 paper to 255 ink.")] = None
    parameters: InputParameters = InputParameters()


class OutputParameters(BaseModel):
    """Whether an output follows the JSON as bytes."""

    model_config = ConfigDict(extra="allow")
    binary_data: StrictBool | None = None


class RequestedOutput(BaseModel):
    """An output to return."""

    name: Literal["probabilities", "logits"]
    parameters: OutputParameters = OutputParameters()


class InferParameters(BaseModel):
    """Whether outputs follow the JSON as bytes where they do not say so themselves."""

    binary_data_output: StrictBool = False


class InferRequest(BaseModel):
    """A request of the Open Inference Protocol; without `outputs`, all of them are returned."""

    id: Annotated[StrictStr, Field(max_length=1024)] | None = None
    inputs: Annotated[list[InputTensor], FailFast(), Field(min_length=1, max_length=1)]
    outputs: list[RequestedOutput] | None = None
    parameters: InferParameters = InferParameters()


class OutputTensor(BaseModel):
    """One output: `data`, or bytes after the JSON, as many as `parameters.binary_data_size` says."""

    name: Literal["probabilities", "logits"]
    datatype: Literal["FP32"]
    shape: list[int]
    data: list[float] | None = None
    parameters: InputParameters | None = None


class InferResponse(BaseModel):
    """A response of the Open Inference Protocol."""

    model_name: str
    model_version: str
    outputs: list[OutputTensor]
    id: str | None = None
