/// Lenses: takes traces of a run, weights or directions of files, gives the tokens that they speak
/// for; trains and reads tuned lenses. Read [UpdateLens], [TunedLens] and [LensSurvey].
@NullMarked
package dev.weir.readout.lens;

import org.jspecify.annotations.NullMarked;
