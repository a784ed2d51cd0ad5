package dev.weir.page;

import java.nio.file.Path;
import java.util.function.Consumer;

/// How the server of the stream page runs.
///
/// @param host the name or address to listen on
/// @param port the port; 0 for any
/// @param token what a request must bring to do more than look
/// @param data the folder for the user's own things
/// @param corpus the text that directions are looked up in
/// @param memory bytes of runs to hold
/// @param faults who hears of a fault of Weir itself
public record Settings(
    String host,
    int port,
    String token,
    Path data,
    Path corpus,
    long memory,
    Consumer<Throwable> faults) {}
