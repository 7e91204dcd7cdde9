"""Turn a BERT-like sentence model into an ONNX graph that reads many texts as one row of tokens, in eight bits.

A message is cut into nested pieces of very different length: padded to the longest, most of what is computed would be
padding. Here all pieces lie end to end, and a token sees only tokens of its own piece.
"""

import json
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

INPUTS = ["tokens", "positions", "share"]
OUTPUTS = ["rows", "states"]
OPSET = 17
UNSEEN = -10_000.0


def export(model: "SentenceTransformer", probes: list[str], weight_bits: int) -> bytes:
    """Build the graph; raises ValueError, AttributeError or an error of torch's where the model is none we can read.

    Inputs: `tokens` and `positions` (int64, n), `share` (float32, texts × n: how much of a text's vector a token is).
    Outputs: `rows` (float32, texts × dimensions, each of length 1) and `states` (float32, n × dimensions, what the last
    layer says of each token). Its metadata hold what a loader needs, as JSON: `promised`, what the model itself says to
    the probes, and `longest`, how many tokens it reads of a text.
    """
    bert: Any = model[0].model
    _refuse_others(model, bert)
    promised = model.encode(probes, normalize_embeddings=True, show_progress_bar=False)
    packed = _Packed(bert, weight_bits).eval()
    tokens = torch.tensor([1, 2, 3, 1, 2])
    example = (tokens, torch.tensor([0, 1, 2, 0, 1]), torch.tensor([[1 / 3] * 3 + [0.0] * 2, [0.0] * 3 + [0.5] * 2]))
    each, texts = {0: "n"}, {0: "texts"}
    sizes = {"tokens": each, "positions": each, "share": texts | {1: "n"}, "rows": texts, "states": each}
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings(), torch.no_grad():
        # The exporter that took over wants one more package and more time; this graph is checked against the model.
        warnings.simplefilter("ignore")
        path = Path(scratch) / "graph.onnx"
        torch.onnx.export(
            packed, example, path, input_names=INPUTS, output_names=OUTPUTS, dynamic_axes=sizes,
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        graph = onnx.load(path)
    for key, value in (("promised", promised.tolist()), ("longest", model.max_seq_length)):
        graph.metadata_props.add(key=key, value=json.dumps(value))
    return bytes(graph.SerializeToString())


def _refuse_others(model: "SentenceTransformer", bert: Any) -> None:
    kinds = [type(part).__name__ for part in model]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise ValueError(f"its parts are {', '.join(kinds)}")
    if bert.config.model_type != "bert":
        raise ValueError(f"it is a {bert.config.model_type}, not a bert")
    if model[1].pooling_mode not in ("mean", ("mean",), ["mean"]):
        raise ValueError(f"it pools by {model[1].pooling_mode}, not by mean")
    if model.default_prompt_name:
        raise ValueError("it wants a prompt before every text")


class _Packed(nn.Module):
    """BERT over texts that lie end to end; its linear layers in eight bits, the rest as it was."""

    def __init__(self, bert: Any, weight_bits: int) -> None:
        super().__init__()
        self.embeddings = bert.embeddings
        self.layers = nn.ModuleList(_Layer(layer, weight_bits) for layer in bert.encoder.layer)
        self.heads = int(bert.config.num_attention_heads)

    def forward(self, tokens: Tensor, positions: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
        kin = torch.where(share.T @ share > 0, 0.0, UNSEEN)[None, None]
        first = torch.zeros_like(tokens)[None]
        state = self.embeddings(input_ids=tokens[None], position_ids=positions[None], token_type_ids=first)[0]
        for layer in self.layers:
            state = layer(state, kin, self.heads)
        return nn.functional.normalize(share @ state, dim=1), state


class _Layer(nn.Module):
    def __init__(self, layer: Any, weight_bits: int) -> None:
        super().__init__()
        inner, after = layer.attention.self, layer.attention.output
        self.triple = _EightBits(weight_bits, inner.query, inner.key, inner.value)
        self.out, self.after_out = _EightBits(weight_bits, after.dense), after.LayerNorm
        self.up, self.bend = _EightBits(weight_bits, layer.intermediate.dense), layer.intermediate.intermediate_act_fn
        self.down, self.after_down = _EightBits(weight_bits, layer.output.dense), layer.output.LayerNorm

    def forward(self, state: Tensor, kin: Tensor, heads: int) -> Tensor:
        query, key, value = self.triple(state)[None].chunk(3, -1)
        seen = _Attention.apply(query, key, value, kin, heads)[0]  # type: ignore[no-untyped-call]  # torch's
        state = self.after_out(state + self.out(seen))
        return self.after_down(state + self.down(self.bend(self.up(state))))  # type: ignore[no-any-return]


class _EightBits(nn.Module):
    """Linear layers side by side: a scale for each column of weights, a scale and a floor for each row that comes in.

    With one scale for everything that comes in, a text's vector would depend on whose texts lie beside it.
    """

    def __init__(self, weight_bits: int, *layers: nn.Linear) -> None:
        super().__init__()
        weight = torch.cat([layer.weight.detach() for layer in layers])
        scale = weight.abs().amax(1).clamp(min=1e-9) / (2 ** (weight_bits - 1) - 1)
        whole = (weight / scale[:, None]).round().to(torch.int8).T.contiguous()
        self.register_buffer("weight", whole)
        self.register_buffer("scale", scale)
        self.register_buffer("sums", (whole.float() * scale).sum(0, keepdim=True))
        self.register_buffer("bias", torch.cat([layer.bias.detach() for layer in layers]))

    def forward(self, rows: Tensor) -> Tensor:
        low, high = rows.amin(1, keepdim=True), rows.amax(1, keepdim=True)
        step = ((high - low) / 255).clamp(min=1e-6)
        product = _Product.apply(rows - low, step[:, 0], self.weight, self.scale)  # type: ignore[no-untyped-call]
        return product * step + (low * self.sums + self.bias)  # type: ignore[no-any-return, operator]


class _Product(torch.autograd.Function):
    """Rows, none below 0, counted in steps of their own, times whole-numbered weights."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, steps: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
        return (rows / steps[:, None]).round() @ (weight.float() * scale)

    @staticmethod
    def symbolic(g: Any, rows: Any, steps: Any, weight: Any, scale: Any) -> Any:
        counted = g.op("QuantizeLinear", rows, steps, axis_i=0)
        one = g.op("Constant", value_t=torch.tensor(1.0))
        product = g.op("com.microsoft::MatMulIntegerToFloat", counted, weight, one, scale)
        # Unsaid types make the exporter warn on the console, once for every layer.
        product.setType(rows.type().with_sizes([None, *scale.type().sizes()]))
        return product


class _Attention(torch.autograd.Function):
    """Attention of many heads, `kin` added to every pair of tokens."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, kin: Tensor, heads: int) -> Tensor:
        asks, keys, holds = (
            whole[0].reshape(whole.shape[1], heads, -1).transpose(0, 1) for whole in (query, key, value)
        )
        seen = nn.functional.scaled_dot_product_attention(asks, keys, holds, attn_mask=kin[0])
        return seen.transpose(0, 1).flatten(1)[None]

    @staticmethod
    def symbolic(g: Any, query: Any, key: Any, value: Any, kin: Any, heads: int) -> Any:
        none = g.op("prim::Constant")
        none.setType(torch._C.OptionalType.ofTensor())
        seen = g.op("com.microsoft::MultiHeadAttention", query, key, value, none, none, kin, num_heads_i=heads)
        seen.setType(query.type())
        return seen
