/// Step 8 of the data flow: text and a [dev.weir.model.TransformerSpec] in, a trained model out.
/// Read [TrainingRun], then [TrainingData] and [TrainingSettings].
@NullMarked
package dev.weir.train;

import org.jspecify.annotations.NullMarked;
