/// Step 6 of the data flow: the transformer, written once over any pathway. Takes a
/// [TransformerSpec] and [Parameters], gives runs. Read [LanguageModel], [Transformer] and
/// [TransformerSpec].
@NullMarked
package dev.weir.model;

import org.jspecify.annotations.NullMarked;
