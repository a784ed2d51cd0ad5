"""Makes small tokenizer.json files of many styles, and what Hugging Face's own library gives for them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers
    /tmp/venv/bin/python tools/golden/tokenizer_styles.py

Writes core/src/test/resources/golden/tokenizers/STYLE.tokenizer.json and STYLE.expected.json. The
vocabularies are learned from the LICENSE file at the top of the repository, split at empty lines.
Offsets are in code points; `special` marks tokens that the template put in.
"""

import json
import pathlib

import tokenizers as hf
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "core/src/test/resources/golden/tokenizers"

TEXTS = [
    "",
    " ",
    "Hello world!",
    "  two leading spaces, and two trailing  ",
    "The king's men didn't say: 'tis 1234567 o'clock.",
    "emoji \U0001F600\U0001F468\u200d\U0001F469\u200d\U0001F467 and \U0001F1E9\U0001F1EA flags",
    "combining: e\u0301 a\u0308\u0323 n\u0303; composed: \u00e9 \u00e4\u0323 \u00f1; \ufb01 ligature, \u2460",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \u4f60\u597d\u4e16\u754c \u3053\u3093\u306b\u3061\u306f",
    "tabs\tand\nnewlines\r\n\n\n  and\u00a0nbsp\u2003em",
    "control \x00 \x01 \x1b \x7f \u0085 \u200b \ufeff end",
    "<s>already begins</s> with <s>",
    "<|endoftext|>first<|endoftext|> second",
    "a<mask>b  <mask>  c [TOOL] word[TOOL]word  [TOOL]",
    "ALL CAPS and MiXeD CaSe, \u0130stanbul, \u00dfTRASSE",
    "x" * 300,
    "=" * 70 + "\n" + " " * 50 + "end",
    "def f(x):\n    return x ** 2  # 3.14159\n",
    "\u2581already\u2581meta\u2581",
]

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_bpe(corpus, size=600, special=("<|endoftext|>",)):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=list(special),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def gpt2(corpus):
    tokenizer = byte_bpe(corpus)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def neox(corpus):
    """NFC, trimmed offsets, added runs of spaces that are text."""
    tokenizer = byte_bpe(corpus, special=("<|endoftext|>", "<|padding|>"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in (8, 4, 2)])
    return tokenizer


def llama3(corpus):
    tokenizer = byte_bpe(corpus, special=("<|begin_of_text|>", "<|end_of_text|>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(LLAMA3), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single="<|begin_of_text|> $A",
                pair="<|begin_of_text|> $A <|begin_of_text|> $B:1",
                special_tokens=[("<|begin_of_text|>", 0)],
            ),
        ]
    )
    return tokenizer


def spm_bpe(corpus, size):
    """A vocabulary as SentencePiece's BPE has it: unknown, BOS, EOS, 256 bytes, then pieces."""
    base = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    base.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)],
        limit_alphabet=80,
        show_progress=False,
    )
    base.train_from_iterator(corpus, trainer)
    trained = json.loads(base.to_str())
    trained["added_tokens"] = [t for t in trained["added_tokens"] if t["id"] < 3]
    return trained


def llama2(corpus):
    """The legacy style: the space is put in front by a normaliser, and there is no pre-tokeniser."""
    trained = spm_bpe(corpus, 620)
    trained["pre_tokenizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(trained))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("\u2581", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A",
        pair="<s> $A <s>:1 $B:1",
        special_tokens=[("<s>", 1)],
    )
    return tokenizer


def mistral(corpus):
    """The newer style: Metaspace puts the space in front of the first word only; BOS and EOS."""
    tokenizer = Tokenizer.from_str(json.dumps(spm_bpe(corpus, 620)))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
        replacement="\u2581", prepend_scheme="first", split=False
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("\u2581", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> <s>:1 $B:1 </s>:1",
        special_tokens=[("<s>", 1), ("</s>", 2)],
    )
    return tokenizer


def gemma(corpus):
    """No space in front; runs of spaces and newlines are added tokens that are text."""
    trained = spm_bpe(corpus, 620)
    trained["pre_tokenizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(trained))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer.add_tokens([AddedToken(s, normalized=False) for s in ("\n\n", "\u2581\u2581", "\t")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]
    )
    return tokenizer


def added(corpus):
    """Added tokens that take spaces along, stand alone only, or are found after normalising."""
    tokenizer = byte_bpe(corpus)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.add_special_tokens(
        [
            AddedToken("<mask>", lstrip=True, rstrip=False, normalized=False),
            AddedToken("[TOOL]", single_word=True, lstrip=True, rstrip=True, normalized=False),
        ]
    )
    tokenizer.add_tokens([AddedToken("o'clock", single_word=True, normalized=True)])
    return tokenizer


def wordpiece(corpus):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=500,
        special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def unigram(corpus):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=500,
        special_tokens=["<unk>", "<s>", "</s>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 2)]
    )
    return tokenizer


def words(corpus):
    vocab = {"<unk>": 0, "hello": 1, "world": 2, "!": 3, "the": 4, "king": 5, "and": 6}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Digits(individual_digits=True),
        ]
    )
    return tokenizer


STYLES = [gpt2, neox, llama3, llama2, mistral, gemma, added, wordpiece, unigram, words]


def expected(tokenizer, text):
    framed = tokenizer.encode(text, add_special_tokens=True)
    bare = tokenizer.encode(text, add_special_tokens=False)
    return {
        "text": text,
        "ids": framed.ids,
        "offsets": framed.offsets,
        "special": framed.special_tokens_mask,
        "bare": bare.ids,
        "decoded": tokenizer.decode(framed.ids, skip_special_tokens=True),
        "decoded_all": tokenizer.decode(framed.ids, skip_special_tokens=False),
    }


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    corpus = (ROOT / "LICENSE").read_text(encoding="utf-8").split("\n\n")
    for style in STYLES:
        tokenizer = style(corpus)
        # Compact, and with merges as pairs: what a newer library writes.
        text = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
        tokenizer = Tokenizer.from_str(text)
        name = style.__name__
        (OUT / f"{name}.tokenizer.json").write_text(text, encoding="utf-8")
        rows = [expected(tokenizer, t) for t in TEXTS]
        (OUT / f"{name}.expected.json").write_text(
            json.dumps({"library": hf.__version__, "rows": rows}, separators=(",", ":")),
            encoding="utf-8",
        )
        print(name, len(text), tokenizer.get_vocab_size())


if __name__ == "__main__":
    main()
