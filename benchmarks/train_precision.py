"""Processor time of a training pass in bf16 and in fp32, with several shapes: which is faster here?

    OMP_NUM_THREADS=1 python benchmarks/train_precision.py
    OMP_NUM_THREADS=1 ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 python benchmarks/train_precision.py

The second command stands for a processor with AVX512-BF16, but without AMX. A pass is that of `--plan`: 16
rows of 32 tokens, a third of them in the loss. Models have two layers of the shapes in the first column.
"""

from ontarget.pipeline.planning import probe
from ontarget.pipeline.planning.model_size import ModelSize

SHAPES = {
    "1.7 million parameters": ModelSize(2, 192, 3, 3, 512, 4000),
    "6.6 million parameters": ModelSize(2, 256, 4, 4, 704, 8000),
    "58 million parameters": ModelSize(2, 512, 8, 8, 1408, 32_000),
    "SmolLM2-135M": ModelSize(2, 576, 9, 3, 1536, 49_152),
}


def main() -> None:
    print("| shape, two layers | bf16, microseconds a token | fp32 | fp32 / bf16 |\n|---|---:|---:|---:|")
    for name, size in SHAPES.items():
        bf16, fp32 = (1e6 * probe._trained(size, 2, bf16=one) for one in (True, False))
        print(f"| {name} | {bf16:.0f} | {fp32:.0f} | {fp32 / bf16:.2f} |", flush=True)


if __name__ == "__main__":
    main()
