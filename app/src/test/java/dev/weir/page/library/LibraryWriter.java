package dev.weir.page.library;

import dev.weir.page.run.PageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/// Another process that writes into a library.
final class LibraryWriter {
  static final int WIDTH = 500;
  static final String SHARED = "shared";

  /// The file whose coming lets writers begin, at the same time.
  static final String GO = "go";

  private LibraryWriter() {}

  /// `add FOLDER PREFIX HOW_MANY` keeps directions and prints the name of each when it was answered
  /// that it is kept; `count FOLDER PREFIX HOW_MANY` adds one to a number in a shared view as
  /// often, beginning again where somebody else was quicker.
  public static void main(String... arguments) throws InterruptedException {
    while (Files.notExists(Path.of(arguments[1], GO))) {
      Thread.sleep(1);
    }
    Library library = new Library(Path.of(arguments[1]));
    int many = Integer.parseInt(arguments[3]);
    for (int i = 0; i < many; i++) {
      if (arguments[0].equals("add")) {
        String name = arguments[2] + i;
        library.directions().add(Entries.direction(name, "whole", numbers(name)));
        System.out.println(name);
      } else {
        count(library);
      }
    }
  }

  /// Numbers that follow from a name.
  static double[] numbers(String name) {
    return new Random(name.hashCode()).doubles(WIDTH).toArray();
  }

  private static void count(Library library) {
    while (true) {
      PinnedView seen = library.views().find(Search.of(SHARED)).items().getFirst();
      try {
        library
            .views()
            .change(
                seen.id(),
                seen.revision(),
                Entries.view(SHARED, Integer.toString(Integer.parseInt(seen.note()) + 1)));
        return;
      } catch (PageException e) {
        if (e.kind() != PageException.Kind.CONFLICT) {
          throw e;
        }
        System.out.println("conflict");
      }
    }
  }
}
