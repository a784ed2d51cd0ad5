package dev.weir.study;

import dev.weir.train.DataSettings;

/// A task whose data were found.
///
/// @param task what is learned
/// @param data where the data are, with their digest
/// @param dVocab how many tokens there are
/// @param window how many predictions an example holds
public record Prepared(StudyTask task, DataSettings data, int dVocab, int window) {}
