"""What was observed while one part of the exercise ran."""

from __future__ import annotations

from dataclasses import dataclass, field

from inkdigits.exercise.measuring import Measurement
from inkdigits.exercise.observations import Call, ModelDescription, Observations

__all__ = ["NETWORK_UNITS", "PartFacts", "has_the_architecture"]

NETWORK_UNITS = {"dense": [512, 512, 10], "cnn": [32, 64, 1024, 10]}
_PARAMETERS = {"dense": 669_706, "cnn": 1_111_946}


@dataclass
class PartFacts:
    """What was observed while one part ran."""

    part: str
    observations: list[Observations] = field(default_factory=list)  # one a cell
    measured: Measurement | None = None  # of `model` at the part's target
    bar: float | None = None

    @property
    def accuracy(self) -> float | None:
        """Of the measurement, in [0, 1]."""
        return self.measured.accuracy if self.measured else None

    @property
    def missed(self) -> bool:
        """Whether the part has a bar and the measured accuracy does not exceed it."""
        return self.bar is not None and (self.accuracy or 0.0) <= self.bar

    @property
    def calls(self) -> list[Call]:
        """The recorded calls, in order."""
        return [call for observed in self.observations for call in observed.calls]

    @property
    def fits(self) -> list[Call]:
        """The calls that train."""
        return [call for call in self.calls if call.trains]

    @property
    def own_fits(self) -> list[Call]:
        """The calls that train the network that the part asks for; others, for comparison, are the student's choice."""
        tested = self.measured.model_id if self.measured else None
        of_tested = [call for call in self.fits if call.model_id == tested]
        return of_tested or [call for call in self.fits if has_the_architecture(self.part, call.model)] or self.fits

    @property
    def models(self) -> list[tuple[ModelDescription, str]]:
        """The models that were trained or measured, each with the cell that trained it."""
        trained = [(call.model, call.cell) for call in self.own_fits]
        measured = [(self.measured.model, "")] if self.measured else []
        return [(model, cell) for model, cell in [*trained, *measured] if model.layers]


def has_the_architecture(part: str, model: ModelDescription) -> bool:
    """Whether a network is the one that the part asks for, by its units or its weights."""
    units = [layer.units for layer in model.layers if layer.units]
    return units == NETWORK_UNITS[part] or _PARAMETERS[part] in (model.parameters, model.trainable)
