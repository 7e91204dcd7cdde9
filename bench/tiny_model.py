"""Make a Qwen3 with random weights that vLLM can serve: `.venv-vllm/bin/python -m bench.tiny_model FOLDER`.

It knows nothing and says nonsense, which is the point: whatever holds with it holds by grammar, not by good manners.
Nothing is downloaded; it needs transformers and torch, which the environment of vLLM brings.
"""

import argparse
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

SEED = 5
CONTEXT = 8192
VOCABULARY = 4096
# The first two ends of a text are the ones Qwen3 knows.
SPECIAL = ("<|endoftext|>", "<|im_end|>", "<|im_start|>")
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WORDS = """
    order orders refund refunds return returns parcel parcels delivery delivered tracking number address cancel change
    damaged wrong item missing late photo courier customer shop policy window days money back card bank label reason
    code status shipped processed pending confirm confirmed please thank sorry where when what which today tomorrow
    yesterday morning evening week month house door street city country postal region language tier gold standard
"""
# XGrammar lets halves of surrogate pairs through (ED A0 80 and on), and the server writes three U+FFFD for each: a text
# longer than its bound. No trained model says such bytes; ours would, so it has no ED, and with it no late Hangul.
NEVER_SAID = "\xed"
SENTENCES = """
    Where is my parcel? It should have been here on Friday. The courier says that it was delivered, but nobody rang.
    I would like to send the shoes back and get my money. Your order A-12345 was shipped this morning and arrives
    tomorrow. The refund of 49.00 EUR goes back to the card you paid with. You can return the jacket within 30 days.
    {"tool": "initiate_refund", "arguments": {"order_id": "#A-12345", "reason_code": "DAMAGED_ITEM"}}
    <thought>The customer asks about two orders.</thought><response>Both are on their way.</response>
"""


def main() -> None:
    """Write config, weights, tokenizer and chat template into the folder."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    folder: Path = options.parse_args().folder
    tokenizer = train_tokenizer()
    tokenizer.save_pretrained(folder)
    model = make_model(tokenizer)
    model.save_pretrained(folder)
    print(f"{folder}: {model.num_parameters():,} parameters, {len(tokenizer)} tokens, context {CONTEXT}")


def train_tokenizer() -> PreTrainedTokenizerFast:
    """Learn byte-level BPE from the words above; with the bytes themselves in it, nearly any text can be encoded."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL),
        initial_alphabet=[byte for byte in pre_tokenizers.ByteLevel.alphabet() if byte != NEVER_SAID],
        show_progress=False,
    )
    spaced = [f" {word}" for word in WORDS.split()]
    bpe.train_from_iterator([*spaced, *WORDS.split(), *SENTENCES.splitlines()], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
        chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def make_model(tokenizer: PreTrainedTokenizerFast) -> Qwen3ForCausalLM:
    """Draw the weights from a fixed seed, the same in every run."""
    torch.manual_seed(SEED)
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None}
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=256,
            intermediate_size=1024,
            num_hidden_layers=5,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=64,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=False,
            **ends,
        )
    )
    model.generation_config = GenerationConfig(**ends)
    return model.to(torch.bfloat16)


if __name__ == "__main__":
    main()
