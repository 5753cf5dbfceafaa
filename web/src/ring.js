// SPDX-License-Identifier: Apache-2.0
// A telephone that rings: two short tones, again and again.
const EVERY_MS = 2500, TONES = [660, 880], LENGTH_S = 0.35, LOUD = 0.12;

let context = null, timer = 0;

function tone(hertz, at) {
	const source = context.createOscillator(), volume = context.createGain();
	source.frequency.value = hertz;
	volume.gain.setValueAtTime(LOUD, at);
	volume.gain.linearRampToValueAtTime(0, at + LENGTH_S);
	source.connect(volume).connect(context.destination);
	source.start(at);
	source.stop(at + LENGTH_S);
}

function once() {
	TONES.forEach((hertz, i) => tone(hertz, context.currentTime + i * LENGTH_S));
}

export function ring(on) {
	if (on === !!timer)
		return;
	clearInterval(timer);
	timer = 0;
	if (!on)
		return;
	context ??= new AudioContext();
	context.resume();
	once();
	timer = setInterval(once, EVERY_MS);
}
