/// Step 7 of the data flow: changes to a value on its way. Takes a model's hook points and what to
/// do there, gives [dev.weir.stream.Hooks] for a run. Read [Target], [Intervention] and [Edits].
@NullMarked
package dev.weir.edit;

import org.jspecify.annotations.NullMarked;
