package dev.weir.weights.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// Fetches a model from a Hugging Face hub over its public HTTP interface.
///
/// The revision is pinned to a commit first, then every file is fetched from that commit, checked
/// against the hash the hub lists (SHA-256 of large files, Git's blob hash of the others) and only
/// then given its name. A download that was cut goes on where it stopped; files that are whole are
/// not fetched again.
public final class HubDownload {
  /// The hub everyone uses.
  public static final URI HUGGING_FACE = URI.create("https://huggingface.co");

  private static final int LONGEST_LISTING = 1 << 25;
  private static final int PIECE = 1 << 16;

  private final HubClient client;
  private final HubPatience patience;
  private final HubProgress progress;
  private final HubSelection selection;

  /// A way to fetch models.
  ///
  /// @param endpoint the hub, such as [#HUGGING_FACE] or a mirror
  /// @param access who asks
  /// @param selection which files are fetched
  /// @param patience how long to go on when something fails
  /// @param progress who hears how it goes
  /// @throws HubException if the endpoint is no http or https address
  public HubDownload(
      URI endpoint,
      HubAccess access,
      HubSelection selection,
      HubPatience patience,
      HubProgress progress) {
    this.client = new HubClient(endpoint, access, patience, progress);
    this.selection = selection;
    this.patience = patience;
    this.progress = progress;
  }

  /// Fetches a repository's files into a folder, which is made if it is not there.
  ///
  /// @param repository what to fetch
  /// @param folder where to
  /// @throws HubException if it cannot be fetched whole; whole files and parts stay for the next
  ///   try
  public HubSnapshot fetch(HubRepository repository, Path folder) {
    HubListing listing = list(repository);
    List<HubFile> chosen = selection.choose(repository, listing.files());
    List<HubFile> missing = new ArrayList<>();
    for (HubFile file : chosen) {
      if (!isComplete(file, folder.resolve(file.path()))) {
        missing.add(file);
      }
    }
    long bytes = missing.stream().mapToLong(HubFile::size).reduce(0, Math::addExact);
    progress.planned(listing.commit(), missing.size(), bytes);
    requireSpace(folder, missing);
    for (HubFile file : missing) {
      URI address = client.address(repository.filePath(listing.commit(), file.path()));
      fetchFile(file, address, folder.resolve(file.path()));
      progress.finished(file);
    }
    return new HubSnapshot(folder, listing.commit(), chosen, missing.size());
  }

  private HubListing list(HubRepository repository) {
    URI address = client.address(repository.listingPath());
    byte[] answer =
        client.retrying(
            address.toString(),
            () -> 0,
            () -> {
              HttpResponse<InputStream> response = client.get(address, 0);
              try (InputStream body = response.body();
                  SilenceGuard _ = new SilenceGuard(body, patience.silence())) {
                return body.readNBytes(LONGEST_LISTING);
              }
            });
    HubListing listing = HubListing.parse(answer, address.toString());
    boolean pinned = repository.revision().matches("[0-9a-f]{40}");
    if (pinned && !listing.commit().equals(repository.revision())) {
      throw HubException.anotherCommit(repository, listing.commit());
    }
    return listing;
  }

  private static boolean isComplete(HubFile file, Path path) {
    try {
      return Files.isRegularFile(path)
          && Files.size(path) == file.size()
          && file.digest().of(path).equals(file.digest().hex());
    } catch (IOException _) {
      return false;
    }
  }

  private static void requireSpace(Path folder, List<HubFile> missing) {
    try {
      Files.createDirectories(folder);
      long needed = 0;
      for (HubFile file : missing) {
        Path part = partOf(file, folder.resolve(file.path()));
        needed = Math.addExact(needed, Math.max(0, file.size() - sizeOf(part)));
      }
      long available = Files.getFileStore(folder).getUsableSpace();
      if (needed > available) {
        throw HubException.notEnoughSpace(folder, needed, available);
      }
    } catch (IOException e) {
      throw HubException.cannotWrite(folder, e);
    }
  }

  /// The hash in the name keeps a part of one version from being completed with another.
  private static Path partOf(HubFile file, Path target) {
    return target.resolveSibling(
        "%s.%s.part".formatted(target.getFileName(), file.digest().hex().substring(0, 12)));
  }

  private static long sizeOf(Path file) {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException _) {
      return 0;
    }
  }

  private void fetchFile(HubFile file, URI address, Path target) {
    Path part = partOf(file, target);
    boolean resumed = sizeOf(part) > 0;
    fetchPart(file, address, part);
    if (resumed && !hashes(file, part)) {
      // The earlier part was bad, not necessarily the hub: once more from the start.
      delete(part);
      fetchPart(file, address, part);
    }
    requireHash(file, address, part);
    try {
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw HubException.cannotWrite(target, e);
    }
  }

  private static boolean hashes(HubFile file, Path part) {
    try {
      return file.digest().of(part).equals(file.digest().hex());
    } catch (IOException e) {
      throw HubException.cannotWrite(part, e);
    }
  }

  private static void requireHash(HubFile file, URI address, Path part) {
    try {
      String found = file.digest().of(part);
      if (!found.equals(file.digest().hex())) {
        Files.deleteIfExists(part);
        throw HubException.wrongHash(address.toString(), file.digest(), found);
      }
    } catch (IOException e) {
      throw HubException.cannotWrite(part, e);
    }
  }

  private static void delete(Path part) {
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      throw HubException.cannotWrite(part, e);
    }
  }

  private void fetchPart(HubFile file, URI address, Path part) {
    try (FileChannel channel = openPart(part)) {
      client.retrying(
          address.toString(),
          () -> sizeOf(part),
          () -> {
            append(file, address, new PartFile(part, channel));
            return part;
          });
      channel.force(true);
    } catch (IOException e) {
      throw HubException.cannotWrite(part, e);
    }
  }

  private static FileChannel openPart(Path part) throws IOException {
    Files.createDirectories(part.toAbsolutePath().getParent());
    FileChannel channel =
        FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException _) {
      // This very program holds the lock; said below.
    }
    channel.close();
    throw HubException.alreadyRunning(part);
  }

  /// A file in the making. What fails here is this machine's doing and no reason to ask again.
  private record PartFile(Path path, FileChannel channel) {
    long size() {
      try {
        return channel.size();
      } catch (IOException e) {
        throw HubException.cannotWrite(path, e);
      }
    }

    void truncate(long size) {
      try {
        channel.truncate(size).position(size);
      } catch (IOException e) {
        throw HubException.cannotWrite(path, e);
      }
    }

    void write(byte[] bytes, int length) {
      try {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, length);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      } catch (IOException e) {
        throw HubException.cannotWrite(path, e);
      }
    }
  }

  /// Asks for what is missing and adds it.
  private void append(HubFile file, URI address, PartFile part) throws IOException {
    long have = part.size() > file.size() ? 0 : part.size();
    part.truncate(have);
    if (have == file.size()) {
      return;
    }
    HttpResponse<InputStream> response = client.get(address, have);
    try (InputStream body = response.body()) {
      if (!startsAt(have, response)) {
        part.truncate(0);
        throw new IOException("the hub does not go on at byte " + have);
      }
      part.truncate(response.statusCode() == 206 ? have : 0);
      copy(file, address, body, part);
    }
  }

  /// Whether the answer is the rest that was asked for, or all of it, which a hub may send instead.
  private static boolean startsAt(long have, HttpResponse<?> response) {
    String range = response.headers().firstValue("Content-Range").orElse("");
    return switch (response.statusCode()) {
      case 200 -> true;
      case 206 -> range.startsWith("bytes " + have + "-");
      default -> false;
    };
  }

  private void copy(HubFile file, URI address, InputStream body, PartFile part) throws IOException {
    byte[] piece = new byte[PIECE];
    long done = part.size();
    try (SilenceGuard guard = new SilenceGuard(body, patience.silence())) {
      for (int n = guard.read(piece); n >= 0; n = guard.read(piece)) {
        if (n > file.size() - done) {
          part.truncate(0);
          throw HubException.tooLong(address.toString(), file.size());
        }
        part.write(piece, n);
        done += n;
        progress.advanced(file, done);
      }
    }
    if (done < file.size()) {
      throw new IOException("the connection ended at byte %d of %d".formatted(done, file.size()));
    }
  }
}
