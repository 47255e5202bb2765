"""Which fields a document may have at a place, by the models that it is read with."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

Loc = tuple[int | str, ...]


def fields_at(
    root: type[BaseModel], loc: Loc, kinds: Mapping[str, type[BaseModel]] | None = None
) -> Sequence[str]:
    """List the fields of the mapping at a place; `kinds` are models named by a part of the place.

    Args:
        root: the model of the whole document.
        loc: the place as pydantic tells it.
        kinds: which model a tag of a union stands for.
    """
    model = root
    for part in loc:
        if kinds and part in kinds:
            model = kinds[str(part)]
            continue
        fields = {field.alias: field.annotation for field in model.model_fields.values()}
        model = _model_in(fields.get(str(part))) or model
    return [str(field.alias) for field in model.model_fields.values()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)
