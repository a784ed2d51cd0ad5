/// Step 9 of the data flow: what a trace says. Takes a [dev.weir.stream.StreamTrace] and the model
/// it is of, gives plain numbers with labels. One class for each analysis, each with a page of its
/// name in `docs/readouts`. Read [LogitLens], [DirectLogitAttribution] and [Decomposition].
@NullMarked
package dev.weir.readout;

import org.jspecify.annotations.NullMarked;
