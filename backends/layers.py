"""What users of TensorFlow hand in as their own function: Keras layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .signatures import like


class Layers:
    """The part of TensorFlow's adapter that takes them."""

    _tf: Any
    _layers: dict[tuple[int, str], tuple[Any, Any]]  # by what it was made after, which is kept too, and format

    def adopt(self, thing: Any, format: str, anew: Callable[[], Any] | None) -> Callable[..., Any]:
        keras = self._tf.keras
        owner, name = getattr(thing, "__self__", thing), getattr(thing, "__name__", "")
        if not isinstance(owner, keras.layers.Layer):
            function: Callable[..., Any] = thing
            return function
        if (id(owner), format) not in self._layers:
            self._layers[id(owner), format] = self._layer(owner, format, anew), owner
        layer = self._layers[id(owner), format][0]
        return like(layer, layer.call) if owner is thing else like(getattr(layer, name), getattr(layer, name))

    def _layer(self, layer: Any, format: str, anew: Callable[[], Any] | None) -> Any:
        """A Keras layer that computes in a format: one of the usual policy would cast its inputs to float32."""
        keras = self._tf.keras
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(format)
        try:
            made = anew() if anew else layer
        finally:
            keras.config.set_dtype_policy(before)
        made = getattr(made, "__self__", made)
        if made is not layer:
            return made
        try:
            made = type(layer).from_config({**layer.get_config(), "dtype": format})
            if layer.weights:
                made.build(layer.get_build_config()["input_shape"])
                made.set_weights(layer.get_weights())
        except Exception:  # it cannot be made anew: a layer without weights can do without the cast
            made, layer.autocast = layer, False
        return made

    def depends(self, function: Callable[[Any], Any], x: Any) -> bool:
        with self._tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return tape.gradient(y, x) is not None
