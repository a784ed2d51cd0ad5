/// Circuits: what heads and neurons do to each other and to tokens, read from folded weights and
/// recorded patterns. Takes a [dev.weir.model.Folded] model or a trace, gives products of weights
/// in factored form and plain numbers with labels. Read [FactoredMatrix] and [Circuits].
@NullMarked
package dev.weir.readout.circuit;

import org.jspecify.annotations.NullMarked;
