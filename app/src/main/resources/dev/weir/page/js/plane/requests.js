/**
 * Parts of something that are asked for by key, so many at a time. What is no longer wanted is given
 * up, and may be wanted again at once.
 */
export class Requests {
  /**
   * @param most how many are on their way at a time
   * @param fetch (key, signal) asks for a part and takes it
   * @param failed called with an Error; what was wanted beside it is dropped
   */
  constructor(most, fetch, failed) {
    Object.assign(this, {most, fetch, failed});
    this.queue = [];
    this.asked = new Map();
  }

  /** Asks for these parts, first to last, and gives up all others. */
  want(keys) {
    const wanted = new Set(keys);
    for (const [key, request] of this.asked) {
      if (!wanted.has(key)) {
        request.abort();
        this.asked.delete(key);
      }
    }
    this.queue = [...wanted].filter(key => !this.asked.has(key));
    this.next();
  }

  /** Gives up everything. */
  stop() { this.want([]); }

  next() {
    while (this.asked.size < this.most && this.queue.length > 0) this.ask(this.queue.shift());
  }

  async ask(key) {
    const request = new AbortController();
    this.asked.set(key, request);
    try {
      await this.fetch(key, request.signal);
    } catch (e) {
      if (e.name !== 'AbortError') {
        this.queue = [];
        this.failed(e);
      }
    } finally {
      // The key may have been given up, and be asked for anew.
      if (this.asked.get(key) === request) this.asked.delete(key);
      this.next();
    }
  }
}
