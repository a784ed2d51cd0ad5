/// Step 1 of the data flow: numbers with named axes. Takes raw memory, gives [Tensor]s; the only
/// package that knows the engine (libtorch). Read [Shape], [Tensor] and [Scope] first.
@NullMarked
package dev.weir.tensor;

import org.jspecify.annotations.NullMarked;
