/// What every package shares: the one kind of error a user sees.
@NullMarked
package dev.weir;

import org.jspecify.annotations.NullMarked;
