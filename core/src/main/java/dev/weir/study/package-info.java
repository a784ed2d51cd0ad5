/// Takes several models, tasks, budgets and seeds, gives what separates the models: runs under
/// equal conditions, paired differences with their intervals, and what follows from them.
@NullMarked
package dev.weir.study;

import org.jspecify.annotations.NullMarked;
