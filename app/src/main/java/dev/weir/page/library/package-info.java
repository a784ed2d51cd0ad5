/// Takes directions, notes and pinned views, keeps them in a database of the user and gives them
/// back: searched, changed, exported and imported. Knows nothing of HTTP.
@NullMarked
package dev.weir.page.library;

import org.jspecify.annotations.NullMarked;
