/// Synthetic tasks, made from a seed: data sources like any text. Read [Task], then [Tasks] and
/// [TaskData].
@NullMarked
package dev.weir.train.task;

import org.jspecify.annotations.NullMarked;
