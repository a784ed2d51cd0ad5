package dev.weir.weights.hub;

import dev.weir.WeirException;
import java.io.IOException;
import java.io.Serial;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// A model that cannot be fetched.
public final class HubException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private HubException(String what, String where, String fix) {
    super(what, where, fix);
  }

  private HubException(String what, String where, String fix, Throwable cause) {
    super(what, where, fix, cause);
  }

  // What was asked for

  static HubException badRepository(String id) {
    return new HubException(
        "A repository is called OWNER/NAME, but got '%s'".formatted(shorten(id)),
        "the repository's name",
        "copy the name from the model's page, for instance roneneldan/TinyStories-1M");
  }

  static HubException badRevision(String revision) {
    return new HubException(
        "A revision is a branch, a tag or a commit, but got '%s'".formatted(shorten(revision)),
        "the revision",
        "use main, or a commit from the repository's history");
  }

  static HubException badEndpoint(URI endpoint) {
    return new HubException(
        "The endpoint is no http or https address",
        endpoint.toString(),
        "use https://huggingface.co or the address of a mirror");
  }

  static HubException badToken() {
    return new HubException(
        "The access token is empty or has spaces or line breaks in it",
        "the access token",
        "copy it again from the hub's settings page");
  }

  static HubException noPatterns() {
    return new HubException(
        "No pattern says what to fetch", "the file patterns", "give at least one, such as *.json");
  }

  static HubException nothingMatches(HubRepository repository, List<String> patterns) {
    return new HubException(
        "No file matches %s".formatted(shorten(String.join(", ", patterns))),
        repository.toString(),
        "look at the repository's list of files and give patterns that match some");
  }

  static HubException noWeights(HubRepository repository) {
    return new HubException(
        "The repository has no .safetensors or .gguf file in its top folder",
        repository.toString(),
        "choose a repository that has one, or fetch the files it has by patterns and convert them");
  }

  static HubException severalWeights(HubRepository repository, List<String> files) {
    return new HubException(
        "The repository has %d GGUF files: %s"
            .formatted(files.size(), shorten(String.join(", ", files))),
        repository.toString(),
        "say which one by a pattern, for instance *Q8_0.gguf");
  }

  // What the hub answers

  static HubException needsLogin(String where) {
    return new HubException(
        "The hub asks for a login (401): the repository is private or gated, or there is none of"
            + " this name",
        where,
        "check the name; if it is right, set HF_TOKEN to an access token that may read it");
  }

  static HubException forbidden(String where) {
    return new HubException(
        "The hub refuses access (403)",
        where,
        "accept the model's terms on its page and use a token of that account in HF_TOKEN");
  }

  static HubException notFound(String where, String code) {
    return new HubException(
        "The hub has no such repository, revision or file (404%s)"
            .formatted(code.isEmpty() ? "" : ", " + shorten(code)),
        where,
        "check owner, name and revision on the hub's website");
  }

  static HubException unexpectedStatus(String where, int status) {
    return new HubException(
        "The hub answers with status %d".formatted(status),
        where,
        "check the endpoint; try again later");
  }

  static HubException rateLimited(String where, int attempts, Duration pause) {
    return new HubException(
        "The hub takes no more requests for now (429), %d attempts in a row%s"
            .formatted(
                attempts, pause.isZero() ? "" : ", and asks to wait " + pause.toSeconds() + " s"),
        where,
        "wait and run the command again, it goes on where it stopped; a token in HF_TOKEN raises"
            + " the limit");
  }

  static HubException serverFails(String where, int status, int attempts) {
    return new HubException(
        "The hub fails with status %d, %d attempts in a row".formatted(status, attempts),
        where,
        "run the command again later, it goes on where it stopped");
  }

  static HubException connectionLost(String where, int attempts, IOException e) {
    return new HubException(
        "The connection fails, %d attempts in a row (%s)".formatted(attempts, reason(e)),
        where,
        "check the network and the endpoint and run the command again, it goes on where it stopped",
        e);
  }

  static HubException tooManyRedirects(String where) {
    return new HubException(
        "The hub redirects more than %d times".formatted(HubClient.MOST_REDIRECTS),
        where,
        "check the endpoint");
  }

  static HubException badRedirect(String where, String location) {
    return new HubException(
        "The hub redirects to '%s', which cannot be followed".formatted(shorten(location)),
        where,
        "check the endpoint; an https address is not left for an http one");
  }

  static HubException badAnswer(String where, String problem) {
    return new HubException(
        "The hub's answer is not understood: " + shorten(problem),
        where,
        "check that the endpoint speaks the Hugging Face interface");
  }

  static HubException badAnswer(String where, String problem, Throwable cause) {
    return new HubException(
        "The hub's answer is not understood: " + shorten(problem),
        where,
        "check that the endpoint speaks the Hugging Face interface",
        cause);
  }

  static HubException unsafePath(String where, String path) {
    return new HubException(
        "The repository lists a file '%s' that would not lie in the target folder"
            .formatted(shorten(path)),
        where,
        "do not use this repository");
  }

  static HubException anotherCommit(HubRepository repository, String commit) {
    return new HubException(
        "The hub answers for commit %s".formatted(commit),
        repository.toString(),
        "check the revision and the endpoint");
  }

  static HubException tooLong(String where, long size) {
    return new HubException(
        "The hub sends more than the %d bytes it announced".formatted(size),
        where,
        "run the command again; if it happens again, check the endpoint");
  }

  static HubException wrongHash(String where, HubDigest expected, String found) {
    return new HubException(
        "The file's %s is %s, expected %s".formatted(expected.kind(), found, expected.hex()),
        where,
        "run the command again; if it happens again, the endpoint or a proxy changes files");
  }

  // What this machine does

  static HubException cannotWrite(Path file, IOException e) {
    return new HubException(
        "The file cannot be written (%s)".formatted(reason(e)),
        file.toString(),
        "free space on the disk or choose another folder, then run the command again; it goes on"
            + " where it stopped",
        e);
  }

  static HubException notEnoughSpace(Path folder, long needed, long available) {
    return new HubException(
        "The download takes %d bytes, but the disk has %d".formatted(needed, available),
        folder.toString(),
        "free space on the disk or choose another folder");
  }

  static HubException alreadyRunning(Path part) {
    return new HubException(
        "Another download writes this file at the moment",
        part.toString(),
        "wait until it is done");
  }

  static HubException interrupted(String where) {
    return new HubException(
        "The download was interrupted",
        where,
        "run the command again, it goes on where it stopped");
  }

  private static String shorten(String text) {
    return text.length() <= 200 ? text : text.substring(0, 197) + "...";
  }

  private static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException _ -> "permission denied";
      case FileSystemException system when system.getReason() != null -> system.getReason();
      case IOException other ->
          other.getMessage() == null
              ? other.getClass().getSimpleName()
              : shorten(other.getMessage());
    };
  }
}
