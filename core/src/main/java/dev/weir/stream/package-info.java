/// Step 4 of the data flow: the places of a run and the record of it. Takes tensors as they pass,
/// gives a [StreamTrace]. Read [HookPoint], [Hooks], [Capture] and [StreamTrace].
@NullMarked
package dev.weir.stream;

import org.jspecify.annotations.NullMarked;
