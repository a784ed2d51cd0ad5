/// Step 5 of the data flow: how sublayers read the residual stream and write to it, over depth.
/// Takes an embedding and writes, gives readings and the final stream. Read [ResidualPathway], then
/// [PreNorm].
@NullMarked
package dev.weir.pathway;

import org.jspecify.annotations.NullMarked;
