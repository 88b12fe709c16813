// Frames, seconds and timecode of a film.

export class Clock {
  /** @param about facts of a film, from the server */
  constructor({ rate, duration, clock }) {
    [this.up, this.down] = rate;
    this.rate = this.up / this.down;
    this.frames = Math.max(1, Math.round(duration * this.rate));
    this.clock = clock;
  }

  /** A time by which the server finds a frame: a quarter of a frame before it, as times are rounded in some files. */
  at(frame) {
    return frame <= 0 ? "0" : `${(4 * frame - 1) * this.down}/${4 * this.up}`;
  }

  /** The frame at so many seconds, a number or "3/25". */
  frame(seconds) {
    const [up, down = 1] = String(seconds).split("/").map(Number);
    return Math.round((up / down) * this.rate);
  }

  /** The frame at a time as a look may have it: seconds, or [HH:]MM:SS.mmm. */
  read(time) {
    return Math.round(String(time).split(":").reduce((sum, part) => 60 * sum + Number(part), 0) * this.rate);
  }

  /** HH:MM:SS:FF, with ; where numbers are dropped; HH:MM:SS.mmm where the rate has no timecode. */
  written(frame) {
    const two = (number) => String(number).padStart(2, "0");
    if (!this.clock.has_timecode) {
      const ms = Math.round((frame / this.rate) * 1000);
      const [h, m, s] = [Math.floor(ms / 3600000), Math.floor(ms / 60000) % 60, Math.floor(ms / 1000) % 60];
      return `${two(h)}:${two(m)}:${two(s)}.${String(ms % 1000).padStart(3, "0")}`;
    }
    const base = Math.round(this.rate);
    const dropped = this.clock.is_drop ? Math.floor(base / 15) : 0;
    const minute = 60 * base - dropped;
    const count = frame + this.clock.first;
    const tens = Math.floor(count / (10 * minute + dropped));
    const rest = count % (10 * minute + dropped);
    const number = count + dropped * (9 * tens + Math.max(0, Math.floor((rest - dropped) / minute)));
    const seconds = Math.floor(number / base);
    const mark = this.clock.is_drop ? ";" : ":";
    const hours = Math.floor(seconds / 3600) % 24;
    return `${two(hours)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${mark}${two(number % base)}`;
  }
}

/** Seconds as people say them: 3:05, 1:02:05. */
export function lasting(seconds) {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}` : `${m}:${String(s).padStart(2, "0")}`;
}
