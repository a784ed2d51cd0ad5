# Finds a JDK 25 and sets JAVA_HOME. Sourced by ./weir and ./mvnw, so that neither depends on the
# default `java`. Looks at JAVA_HOME, PATH and the usual install folders, in that order.

weir_is_jdk25() {
  [ -x "$1/bin/javac" ] && [ -f "$1/release" ] && grep -q '^JAVA_VERSION="25[."]' "$1/release"
}

weir_jdk25() {
  if [ -n "${JAVA_HOME-}" ] && weir_is_jdk25 "$JAVA_HOME"; then return 0; fi
  javac_on_path=$(command -v javac 2>/dev/null || true)
  if [ -n "$javac_on_path" ]; then
    while [ -L "$javac_on_path" ]; do
      link=$(readlink "$javac_on_path")
      case "$link" in
        /*) javac_on_path=$link ;;
        *) javac_on_path=$(dirname "$javac_on_path")/$link ;;
      esac
    done
    candidate=$(dirname "$(dirname "$javac_on_path")")
    if weir_is_jdk25 "$candidate"; then JAVA_HOME=$candidate; export JAVA_HOME; return 0; fi
  fi
  for folder in /usr/lib/jvm /usr/java /opt /opt/java /opt/homebrew/opt /usr/local/opt \
    /Library/Java/JavaVirtualMachines "${HOME-}/Library/Java/JavaVirtualMachines" \
    "${HOME-}/.sdkman/candidates/java" "${HOME-}/.jdks" "${HOME-}/.local/share/mise/installs/java" \
    "${HOME-}/.asdf/installs/java" /nix/var/nix/profiles/default/lib; do
    [ -d "$folder" ] || continue
    for name in $(ls "$folder" 2>/dev/null); do
      for candidate in "$folder/$name" "$folder/$name/Contents/Home" "$folder/$name/libexec/openjdk.jdk/Contents/Home"; do
        if weir_is_jdk25 "$candidate"; then JAVA_HOME=$candidate; export JAVA_HOME; return 0; fi
      done
    done
  done
  echo "weir: no JDK 25 found in JAVA_HOME, PATH or the usual install folders. To fix: install one (for example Temurin 25 from adoptium.net, or 'sdk install java 25-tem') or set JAVA_HOME to one." >&2
  return 1
}
