package dev.weir.cli;

