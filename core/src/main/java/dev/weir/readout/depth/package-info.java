/// The depth view: takes a model and texts, gives what each block is worth, and the model with its
/// blocks in another order, fewer or merged. Read [BlockOrder], [DepthEffects] and
/// [ContributionGraph].
@NullMarked
package dev.weir.readout.depth;

import org.jspecify.annotations.NullMarked;
