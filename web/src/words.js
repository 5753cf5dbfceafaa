// SPDX-License-Identifier: Apache-2.0
// Every word of the page, in English and in Simplified Chinese.

const WORDS = {
	address: ["Address", "地址"], password: ["Password", "密码"],
	signin: ["Sign in", "登录"], signout: ["Sign out", "退出"],
	language: ["Language", "语言"], licences: ["Licences", "许可证"],
	skip: ["Skip to the message", "跳到消息"],
	people: ["People", "联系人"], contacts: ["Contacts", "联系人"],
	mystate: ["My state", "我的状态"], available: ["Available", "有空"],
	busy: ["Busy", "忙碌"], away: ["Away", "离开"], hidden: ["Appear offline", "显示为脱机"],
	offline: ["Offline", "脱机"], unknown: ["Unknown", "未知"],
	relayonly: ["Calls by the relay only", "仅通过中继通话"],
	newcontact: ["Address of a contact", "联系人地址"], add: ["Add", "添加"],
	remove: ["Remove", "移除"], choose: ["Choose a contact.", "请选择联系人。"],
	back: ["Back to the contacts", "返回联系人"],
	call: ["Call", "通话"], videocall: ["Video call", "视频通话"],
	messages: ["Messages", "消息"], message: ["Message", "消息"], send: ["Send", "发送"],
	typing: ["{} is typing…", "{} 正在输入…"],
	unread: ["{} unread", "{} 条未读"],
	sending: ["sending…", "正在发送…"], sent: ["sent", "已发送"],
	stored: ["will be delivered later", "将在对方上线后送达"],
	delivered: ["delivered", "已送达"], displayed: ["read", "已读"],
	failed: ["not delivered", "未送达"],
	connecting: ["Connecting…", "正在连接…"],
	lost: ["The connection is lost. Trying again…", "连接已断开，正在重试…"],
	wrong: ["Address or password is wrong.", "地址或密码错误。"],
	notnow: ["The server does not answer.", "服务器无响应。"],
	badaddress: ["That is no address. It looks like alice@contoso.test.", "地址无效，应类似 alice@contoso.test。"],
	incoming: ["{} is calling", "{} 来电"], incomingvideo: ["{} is calling with video", "{} 视频来电"],
	outgoing: ["Calling {}", "正在呼叫 {}"], talking: ["Call with {}", "与 {} 通话中"],
	ringing: ["Ringing…", "正在响铃…"], joined: ["Connected", "已接通"],
	answer: ["Answer", "接听"], answervideo: ["Answer with video", "视频接听"],
	mute: ["Mute", "静音"], nocamera: ["Camera off", "关闭摄像头"],
	hangup: ["Hang up", "挂断"],
	ended: ["The call has ended.", "通话已结束。"], missed: ["Missed call", "未接来电"],
	notanswered: ["Not answered", "无人接听"], nomedia: ["Microphone or camera cannot be used.", "无法使用麦克风或摄像头。"],
};

let language = localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

// The word, with {} replaced.
export function word(key, what) {
	const text = WORDS[key]?.[language === "zh" ? 1 : 0] ?? key;
	return what === undefined ? text : text.replace("{}", () => what);
}

export const locale = () => (language === "zh" ? "zh-CN" : "en-GB");

// The words that stand in the page itself.
export function translate() {
	document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
	for (const e of document.querySelectorAll("[data-word]"))
		e.replaceChildren(word(e.dataset.word));
	for (const e of document.querySelectorAll("[data-label]"))
		e.setAttribute("aria-label", word(e.dataset.label));
	for (const e of document.querySelectorAll("[data-hint]"))
		e.setAttribute("placeholder", word(e.dataset.hint));
	for (const e of document.querySelectorAll(".lang"))
		e.value = language;
}

export function speak(which) {
	language = which;
	localStorage.setItem("language", which);
	translate();
}
