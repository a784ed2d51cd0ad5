package dev.weir.text;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// How much a splitting pattern can backtrack.
///
/// The library's regular-expression engine (Oniguruma) gives up after ten million retries at one
/// place, and its giving up ends the process. So a pattern is used only if it repeats single
/// characters, one after another without overlap that could fail: then the retries at one place are
/// at most a small factor times the longest run that a repeated character can match, and such a run
/// is measured before the text is handed over. Every pattern of the published language models that
/// we know passes.
///
/// @param retries the factor: retries at one place, per character of the run
/// @param reach what a run is
record SplitPattern(int retries, Reach reach) {

  /// What the repeated characters can run over.
  enum Reach {
    /// Spaces only, or anything but spaces.
    WORD,
    /// The whole text.
    TEXT
  }

  private static final int MAX_LENGTH = 4_000;
  private static final int MAX_DEPTH = 16;
  private static final int MAX_RETRIES = 256;

  /// Measures a pattern.
  ///
  /// @throws TextException if it may backtrack without end, or says something we cannot judge
  static SplitPattern of(String pattern, String source) {
    if (pattern.isEmpty() || pattern.length() > MAX_LENGTH) {
      throw TextException.riskyPattern(
          source, pattern, "it has %,d characters".formatted(pattern.length()));
    }
    Parser parser = new Parser(pattern, source);
    Cost cost = parser.all();
    if (!cost.consumes) {
      throw parser.risky("it can match nothing");
    }
    if (cost.before > 1) {
      throw parser.risky("repeated characters follow each other and can fail together");
    }
    if (cost.retries > MAX_RETRIES) {
      throw parser.risky("it can match in too many ways");
    }
    return new SplitPattern((int) cost.retries, cost.wideBefore ? Reach.TEXT : Reach.WORD);
  }

  /// What a part of a pattern costs.
  ///
  /// @param unbounded how many endless repetitions one way through it passes
  /// @param before how many of them lie before its last point that can fail
  /// @param choices in how many ways it can match, endless repetitions aside
  /// @param retries how many of these are tried before its last point that can fail
  /// @param canFail whether it can fail at all
  /// @param consumes whether it takes at least one character
  /// @param wide whether an endless repetition in it runs over spaces and others alike
  /// @param wideBefore whether one that does lies before its last point that can fail
  private record Cost(
      int unbounded,
      int before,
      long choices,
      long retries,
      boolean canFail,
      boolean consumes,
      boolean wide,
      boolean wideBefore) {
    private static final long MANY = 1_000_000;
    static final Cost NOTHING = of(1, false, false);
    static final Cost PLACE = of(1, true, false);
    static final Cost CHARACTER = of(1, true, true);

    static Cost of(long choices, boolean canFail, boolean consumes) {
      return new Cost(0, 0, choices, 1, canFail, consumes, false, false);
    }

    static Cost endless(boolean canFail, Reach reach) {
      return new Cost(1, 0, 1, 1, canFail, canFail, reach == Reach.TEXT, false);
    }

    Cost then(Cost next) {
      return new Cost(
          unbounded + next.unbounded,
          Math.max(before, next.canFail ? unbounded + next.before : next.before),
          Math.min(MANY, choices * next.choices),
          Math.min(MANY, Math.max(retries, next.canFail ? choices * next.retries : next.retries)),
          canFail || next.canFail,
          consumes || next.consumes,
          wide || next.wide,
          wideBefore || next.wideBefore || (wide && next.canFail));
    }

    Cost or(Cost other) {
      return new Cost(
          Math.max(unbounded, other.unbounded),
          Math.max(before, other.before),
          Math.min(MANY, choices + other.choices),
          Math.min(MANY, retries + other.retries),
          canFail && other.canFail,
          consumes && other.consumes,
          wide || other.wide,
          wideBefore || other.wideBefore);
    }

    Cost optional() {
      return new Cost(unbounded, before, choices + 1, retries + 1, false, false, wide, wideBefore);
    }

    /// As a group: what lies behind it is reached through it, or not at all.
    Cost grouped(boolean looksOnly) {
      return new Cost(
          unbounded, before, choices, retries, true, consumes && !looksOnly, wide, wideBefore);
    }
  }

  /// Reads the part of Oniguruma's syntax that tokenizers use.
  private static final class Parser {
    private final String pattern;
    private final String source;
    private int at;

    Parser(String pattern, String source) {
      this.pattern = pattern;
      this.source = source;
    }

    TextException risky(String why) {
      return TextException.riskyPattern(source, pattern, why);
    }

    Cost all() {
      Cost cost = alternatives(0);
      if (at < pattern.length()) {
        throw risky("a bracket is closed that was not opened");
      }
      return cost;
    }

    private Cost alternatives(int depth) {
      if (depth > MAX_DEPTH) {
        throw risky("its brackets are nested too deeply");
      }
      Cost cost = sequence(depth);
      while (peek() == '|') {
        at++;
        cost = cost.or(sequence(depth));
      }
      return cost;
    }

    private Cost sequence(int depth) {
      Cost cost = Cost.NOTHING;
      while (at < pattern.length() && peek() != '|' && peek() != ')') {
        cost = cost.then(item(depth));
      }
      return cost;
    }

    private Cost item(int depth) {
      int start = at;
      boolean group = peek() == '(';
      Cost atom = atom(depth);
      String written = pattern.substring(start, at);
      return quantified(atom, group, written);
    }

    private Cost atom(int depth) {
      char c = next();
      return switch (c) {
        case '(' -> group(depth);
        case '[' -> characterClass();
        case '\\' -> escape();
        case '^', '$' -> Cost.PLACE;
        case '*', '+', '?' -> throw risky("'%s' repeats nothing".formatted(c));
        default -> {
          if (Character.isHighSurrogate(c) && Character.isLowSurrogate(peek())) {
            at++;
          }
          yield Cost.CHARACTER;
        }
      };
    }

    private Cost group(int depth) {
      boolean looksOnly = false;
      if (peek() == '?') {
        at++;
        looksOnly = prefix();
      }
      Cost cost = alternatives(depth + 1);
      if (peek() != ')') {
        throw risky("a bracket is not closed");
      }
      at++;
      return cost.grouped(looksOnly);
    }

    /// What follows `(?`: look-around, a group that is not captured, or flags up to the colon. Says
    /// whether it is look-around.
    private boolean prefix() {
      if (pattern.startsWith("<=", at) || pattern.startsWith("<!", at)) {
        at += 2;
        return true;
      }
      char c = next();
      if (c == '=' || c == '!') {
        return true;
      }
      if (c == '>' || c == ':') {
        return false;
      }
      while (c == 'i' || c == 'm' || c == '-') {
        c = next();
      }
      if (c != ':') {
        throw risky("it uses a kind of group we cannot judge");
      }
      return false;
    }

    private Cost characterClass() {
      int open = 1;
      if (peek() == '^') {
        at++;
      }
      boolean first = true;
      while (open > 0) {
        char c = next();
        if (c == '\\') {
          next();
        } else if (c == '[') {
          open++;
          if (open > MAX_DEPTH) {
            throw risky("its brackets are nested too deeply");
          }
        } else if (c == ']' && !first) {
          open--;
        }
        first = false;
      }
      return Cost.CHARACTER;
    }

    private Cost escape() {
      char c = next();
      switch (c) {
        case 'p', 'P' -> braces();
        case 'x' -> {
          if (peek() == '{') {
            braces();
          } else {
            skipHex(2);
          }
        }
        case 'u' -> skipHex(4);
        default -> {
          boolean letterOrDigit = c < 128 && Character.isLetterOrDigit(c);
          if (letterOrDigit && "sSdDwWhHnrtvfaebBAzZ".indexOf(c) < 0) {
            throw risky("it uses \\%s".formatted(c));
          }
        }
      }
      return "bBAzZ".indexOf(c) >= 0 ? Cost.PLACE : Cost.CHARACTER;
    }

    private void braces() {
      if (next() != '{') {
        throw risky("\\p needs braces");
      }
      while (next() != '}') {
        // A property's name ends at the brace.
      }
    }

    private void skipHex(int digits) {
      for (int i = 0; i < digits && Character.digit(peek(), 16) >= 0; i++) {
        at++;
      }
    }

    private Cost quantified(Cost atom, boolean group, String written) {
      int[] range = quantifier();
      if (range.length == 0) {
        return atom;
      }
      if (!atom.consumes) {
        throw risky("it repeats what can match nothing");
      }
      Cost cost = group ? repeatedGroup(atom, range) : repeatedCharacter(range, written);
      if (quantifier().length > 0) {
        throw risky("a repetition is repeated");
      }
      return cost;
    }

    private Cost repeatedCharacter(int[] range, String written) {
      boolean fails = range[0] > 0;
      if (range[1] <= 100) {
        return Cost.of(range[1] - range[0] + 1L, fails, fails);
      }
      return Cost.endless(fails, reach(written));
    }

    private Cost repeatedGroup(Cost inner, int[] range) {
      if (range[1] == 1) {
        return range[0] == 1 ? inner : inner.optional();
      }
      if (range[1] > 4 || inner.unbounded > 0) {
        throw risky("it repeats a group");
      }
      Cost cost = range[0] == 0 ? Cost.NOTHING.optional() : inner;
      for (int i = 1; i < range[1]; i++) {
        cost = cost.then(inner.optional());
      }
      return cost;
    }

    /// The smallest and largest count of the quantifier here; empty if there is none.
    private int[] quantifier() {
      int[] range =
          switch (peek()) {
            case '?' -> new int[] {0, 1};
            case '*' -> new int[] {0, Integer.MAX_VALUE};
            case '+' -> new int[] {1, Integer.MAX_VALUE};
            case '{' -> interval();
            default -> new int[0];
          };
      if (range.length == 0) {
        return range;
      }
      boolean interval = peek() == '{';
      at = interval ? pattern.indexOf('}', at) + 1 : at + 1;
      if (peek() == '?' || (peek() == '+' && !interval)) {
        at++; // lazy, or possessive
      }
      return range;
    }

    private int[] interval() {
      int close = pattern.indexOf('}', at);
      String inside = close < 0 ? "" : pattern.substring(at + 1, close);
      if (!inside.matches("\\d{1,4}|\\d{0,4},\\d{1,4}|\\d{1,4},")) {
        return new int[0];
      }
      String[] parts = inside.split(",", -1);
      int low = parts[0].isEmpty() ? 0 : Integer.parseInt(parts[0]);
      if (parts.length == 1) {
        return new int[] {low, low};
      }
      int high = parts[1].isEmpty() ? Integer.MAX_VALUE : Integer.parseInt(parts[1]);
      if (high < low) {
        throw risky("{%s} counts backwards".formatted(inside));
      }
      return new int[] {low, high};
    }

    /// Whether one repeated character matches spaces and other characters alike.
    private static Reach reach(String character) {
      try {
        Pattern one = Pattern.compile(character, Pattern.UNICODE_CHARACTER_CLASS);
        boolean spaces = false;
        boolean others = false;
        for (int c = 0; c < 0x3100 && !(spaces && others); c++) {
          if (one.matcher(Character.toString(c)).matches()) {
            spaces |= Runs.isSpace(c);
            others |= !Runs.isSpace(c);
          }
        }
        return spaces && others ? Reach.TEXT : Reach.WORD;
      } catch (PatternSyntaxException onlyForOniguruma) {
        return Reach.TEXT;
      }
    }

    private char peek() {
      return at < pattern.length() ? pattern.charAt(at) : '\0';
    }

    private char next() {
      if (at >= pattern.length()) {
        throw risky("it ends too early");
      }
      return pattern.charAt(at++);
    }
  }
}
