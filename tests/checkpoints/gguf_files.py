"""A small GGUF file, written by the library that llama.cpp keeps for the format."""

from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np

TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
WIDTH, LAYERS, HEADS, INNER = 32, 2, 2, 64


def tokens() -> list[str]:
    """Control tokens, then the 256 bytes as GPT-2 writes them: enough for any text."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable} | {b: chr(256 + n) for n, b in enumerate(others)}
    return ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *(letters[byte] for byte in range(256)), "ab"]


def write_gguf(
    file: Path,
    *,
    architecture: str = "llama",
    tokenizer: bool = True,
    weights: bool = True,
    parts: int = 1,
    positions: int = 128,
    kinds: Sequence[gguf.GGMLQuantizationType] = (gguf.GGMLQuantizationType.Q4_1,),
) -> dict[str, np.ndarray]:
    """Writes a LLaMA with random weights, quantized in turn by `kinds`; returns what they dequantize to."""
    writer = gguf.GGUFWriter(file, architecture)
    writer.add_name("toy")
    writer.add_context_length(positions)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(tokens()))
    if parts > 1:
        writer.add_uint16("split.count", parts)
    if tokenizer:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("smollm")
        writer.add_token_list(tokens())
        writer.add_token_types([3, 3, 3, *[1] * 257])
        writer.add_token_merges(["a b"])
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_chat_template(TEMPLATE)
    dequantized = {}
    random = np.random.default_rng(1)
    shapes = {"token_embd.weight": (len(tokens()), WIDTH), "output_norm.weight": (WIDTH,)}
    for layer in range(LAYERS):
        shapes |= {
            f"blk.{layer}.attn_norm.weight": (WIDTH,),
            f"blk.{layer}.ffn_norm.weight": (WIDTH,),
            **{f"blk.{layer}.attn_{name}.weight": (WIDTH, WIDTH) for name in ("q", "k", "v", "output")},
            f"blk.{layer}.ffn_gate.weight": (INNER, WIDTH),
            f"blk.{layer}.ffn_up.weight": (INNER, WIDTH),
            f"blk.{layer}.ffn_down.weight": (WIDTH, INNER),
        }
    for number, (name, shape) in enumerate(shapes.items() if weights else ()):
        values = random.normal(size=shape).astype(np.float32)
        if len(shape) == 1:
            writer.add_tensor(name, values)
            dequantized[name] = values
            continue
        kind = kinds[number % len(kinds)]
        quantized = gguf.quants.quantize(values, kind)
        writer.add_tensor(name, quantized, raw_dtype=kind)
        dequantized[name] = gguf.quants.dequantize(quantized, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return dequantized
