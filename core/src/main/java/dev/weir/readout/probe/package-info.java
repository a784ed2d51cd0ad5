/// What the stream says of a label. Takes values at any place with the labels of their texts, gives
/// probes, how well they do on texts they have not seen, erasers, and circles. Read [ProbeSweep],
/// [RidgeProbe] and [Leace].
@NullMarked
package dev.weir.readout.probe;

import org.jspecify.annotations.NullMarked;
