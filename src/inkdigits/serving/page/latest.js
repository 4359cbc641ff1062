// Runs `work` for the latest value only: while it runs, later values replace each other, and the last is next.
// `done` is settled when there is no next one.

export class Latest {
  constructor(work) {
    this.work = work;
    this.next = null;
    this.busy = false;
    this.done = Promise.resolve();
  }

  ask(value) {
    this.next = { value };
    if (!this.busy) this.done = this.run();
  }

  async run() {
    this.busy = true;
    while (this.next) {
      const { value } = this.next;
      this.next = null;
      await this.work(value);
    }
    this.busy = false;
  }
}
