/// How each published family of models is put together: which config keys it uses, what they mean
/// when absent, and how its weights are named and laid out. One class per family; read [Family],
/// then [Gpt2].
@NullMarked
package dev.weir.model.family;

import org.jspecify.annotations.NullMarked;
