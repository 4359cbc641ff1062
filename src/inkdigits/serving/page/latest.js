// Runs `work` for the latest value only: while it runs, later values replace each other, and the last is next.

export class Latest {
  constructor(work) {
    this.work = work;
    this.next = null;
    this.busy = false;
  }

  ask(value) {
    this.next = { value };
    if (!this.busy) this.run();
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
