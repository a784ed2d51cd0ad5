/// The last step of the data flow: the `weir` command. The only place that prints, reads the
/// environment or exits. Read [Main], then any command.
@NullMarked
package dev.weir.cli;

import org.jspecify.annotations.NullMarked;
