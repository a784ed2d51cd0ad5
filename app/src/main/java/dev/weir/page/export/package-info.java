/// Takes what is on a screen, gives it as a file: a picture, a table, or a page that needs nothing
/// else. Knows nothing of HTTP.
@NullMarked
package dev.weir.page.export;

import org.jspecify.annotations.NullMarked;
