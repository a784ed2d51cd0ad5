/// Step 2 of the data flow: text to tokens and back. Takes a tokenizer's files and gives a
/// [Tokenizer]; read [Tokenizer], [TokenSequence] and [Tokenizers] first.
@NullMarked
package dev.weir.text;

import org.jspecify.annotations.NullMarked;
