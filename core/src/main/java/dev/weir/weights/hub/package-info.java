/// Fetches models from a Hugging Face hub, or anything that speaks its HTTP interface, into a
/// folder. Takes a repository name, gives checked files pinned to one commit. Read [HubDownload]
/// first.
@NullMarked
package dev.weir.weights.hub;

import org.jspecify.annotations.NullMarked;
