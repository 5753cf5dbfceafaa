/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control protocol between `sallyport` and the admin process: a Unix
 * stream socket, one JSON object a line, both ways, UTF-8.
 *
 *   request  {"id":1,"verb":"user.add","args":{"aor":"a@x.test",...}}
 *   reply    {"id":1,"ok":true,"result":{...}}
 *            {"id":1,"ok":false,"error":"a sentence for people"}
 *
 * Some verbs say what they know already in lines before the reply:
 *
 *   step     {"id":1,"step":{...}}
 *
 * Replies come in the order of their requests. A request line over
 * CTL_LINE_MAX bytes, or one that is no such object, gets ok:false and the
 * connection is closed. Verbs, arguments and results:
 *
 *   status      {}                -> {"version":s,"generation":n,
 *                  "processes":[{"role":s,"slot":n,"pid":n,"state":s,
 *                                "restarts":n,"generation":n}...],
 *                  "silent":["home"...],          did not answer in time
 *                  "tables":{"workers":[{key:text...}...],"partners":[...]},
 *                  "counters":{name:n...}}
 *   metrics     {}                -> {"text":s}   OpenMetrics
 *   ports       {form,lang,profile,published} -> {"text":s,"warnings":s}
 *   firewall    {format,perimeter,ssh,edge,profile,strict} -> the same;
 *                  arguments are texts, an empty one is as if not given
 *   explain     {from,to,method,audio_video,arriving_as,form} -> the same;
 *                  form json: the text is an object (admin/explain.c)
 *   facts       {}                -> {"name":s,"domains":[s...],"home":s,
 *                  "federation":[s...],"clients":[s...],"relay":[s...],
 *                  "relay_tls":[s...],"public":[s...],"trust":s,
 *                  "certificates":[{"file":s,"pem":s}...]}  addresses are
 *                  texts; home: builtin or none; trust: a path
 *   lookup      {kind,name}       -> {"error":n,"text":s,"secure":b,
 *                  "targets":[{"name":s,"port":n,"direct":b,
 *                              "addresses":[s...]}...]}; kind: federation
 *                  or clients (a domain's SRV records), host; error: an errno
 *   user.add    {aor,password}    -> {}
 *   user.passwd {aor,password}    -> {}
 *   user.remove {aor}             -> {}
 *   user.list   {}                -> {"users":[{"aor":s,"disabled":b,
 *                                     "created":n}...]}  seconds since 1970
 *   user.contacts {aor}           -> {"contacts":[{"contact":s,"rule":s}...]}
 *                                     rule: contact, allow, block
 *   user.contact.set {aor,contact,rule} -> {}
 *   user.contact.remove {aor,contact}   -> {}
 *   turn.credential {user,ttl,form} -> {"username":s,"password":s,"ttl":n,
 *                  "expires":n,"realm":s,"uris":[s...]}; ttl in seconds, form
 *                  text or ms (then both words are base64); may be empty
 *   turn.rotate {}                -> {}
 *   user.disable, user.enable {aor} -> {}
 *   user.devices {aor}            -> {"devices":[{"contact":s,"agent":s,
 *                  "instance":s,"worker":n,"expires":n}...]}
 *   messages    {}                -> {"queues":[{"aor":s,"messages":n,
 *                                     "bytes":n,"oldest":n}...]}
 *   messages.of {aor}             -> {"messages":[{"id":n,"from":s,"bytes":n,
 *                  "stored":n,"expires":n,"state":s,"attempts":n}...]}
 *   messages.drop {aor,id}        -> {}           id "all": all of the user
 *   backup      {}                -> {"number":s} and backup.state's; with the
 *                  request comes a descriptor (SCM_RIGHTS) of an empty regular
 *                  file, open for reading and writing
 *   backup.state {number}         -> {"number":s,"running":b,"done":n,
 *                                     "total":n}   bytes; no error: complete
 *                                     and synced when it does not run
 *   partner.list {}               -> {"partners":[{key:text...}...],
 *                  "peer_certificates":[{key:text...}...]}
 *   partner.rule {domain,ruling} -> {}           ruling: block, allow, watch,
 *                                     clear
 *   partner.test {domain}         -> {"failed":b,"steps":[{"step":s,"state":s,
 *                  "ms":n,"diagnostics":n,"why":s,"text":s}...]}; each also as
 *                  a step before; state: pass, warn, fail; diagnostics and why:
 *                  of the refusal that requests of users get, 0 and "": none
 *   trace       {user,partner,call,bodies,seconds} -> {"records":n,"lost":n};
 *                  texts, empty: any, no ("yes": bodies), an hour; it goes on
 *                  until its time is over, or until the asker hangs up. Steps:
 *                  {"started":n}   that many workers watch; records follow:
 *                  {"time_ms":n,"worker":n,"direction":s,"verdict":s,
 *                   "status":n,"diagnostics":n,"size":n,"lost":n,
 *                   "transport":s,"local":s,"remote":s,"peer":s,"user":s,
 *                   "why":s,"text":s,"call_id":s,"cseq":s,"bytes":s}
 *                  direction: in, out, none; verdict: none, refused, inside,
 *                  partner, client; bytes: base64; lost: records before it
 *                  {"lost":n}      nothing else happened
 *                  {"worker":n,"event":s}   gone, back or refused
 *   ban         {address,seconds} -> {}
 *   unban       {address}         -> {}
 *   bans        {}                -> {"bans":[{"address":s,"until":n}...]}
 *   reload      {}                -> {"generation":n}
 *   drain       {}                -> {}
 *   log.level   {level}           -> {}
 *   history     {span}            -> {"step":n,"kinds":{name:s...},
 *                  "series":{name:[n...]...}}   span: now or day
 *   refusals    {}                -> {"refusals":[{"reason":s,"count":n,
 *                                     "meaning":s}...]}
 *   config      {}                -> {"generation":n,"keys":[{"key":s,
 *                                     "value":s}...]}
 *   changes     {}                -> {"changes":[{"time":n,"who":s,"what":s,
 *                                     "of":s,"result":s}...]}
 *   admin.add   {name,password,role} -> {}  role: read, operate, secure
 *   admin.passwd {name,password}  -> {}
 *   admin.remove {name}           -> {}
 *   admin.list  {}                -> {"administrators":[{"name":s,"role":s,
 *                                     "created":n}...]}
 *   commands    {}                -> {"commands":[{"verb":s,"role":s,
 *                                     "syntax":s,"help":s}...]}
 */
#pragma once

#define CTL_SOCKET_DEFAULT "/run/sallyport/control"

enum { CTL_LINE_MAX = 64 * 1024, CTL_REPLY_MAX = 16 * 1024 * 1024 };
