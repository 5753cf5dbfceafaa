# SPDX-License-Identifier: Apache-2.0
# Completion of sallyport(1) for bash. A unit test holds it against the table
# of verbs.

_sallyport_options() { # verb: its options
	local client='--as --server --server-name --trust --password-file'
	case $1 in
	ports) echo '-c --format --lang --profile --as-published --verify' ;;
	explain) echo '-c --from --to --method --audio-video --arriving-as' ;;
	firewall) echo '-c --format --profile --perimeter --ssh --edge --strict' ;;
	'user add' | 'user passwd' | 'admin passwd') echo '--password-file' ;;
	'admin add') echo '--password-file --role' ;;
	'turn credential') echo '--user --ttl --ms' ;;
	restore | check) echo '-c' ;;
	ban) echo '--for' ;;
	top) echo '--once --day' ;;
	trace) echo '--user --partner --call --raw --bodies --write --for --count' ;;
	message) echo "$client --to" ;;
	receive) echo "$client --count --answer --timeout" ;;
	esac
}

_sallyport_words() { # words so far: what may follow
	case $1 in
	'') echo 'status top trace refusals changes config metrics ports firewall check explain user turn relay messages partner admin ban allow bans backup' \
		'restore reload drain log-level message receive help version' ;;
	user | 'help user') echo 'add passwd list remove contacts disable enable devices import' ;;
	turn | 'help turn') echo 'credential rotate' ;;
	relay | 'help relay') echo 'list show kill drain' ;;
	partner | 'help partner') echo 'list show block allow watch clear test' ;;
	admin | 'help admin') echo 'add passwd list remove' ;;
	messages | 'help messages') echo 'drop' ;;
	log-level) echo 'error warn info debug' ;;
	help) _sallyport_words '' ;;
	esac
}

_sallyport() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words='' word skip=''
	COMPREPLY=()
	case $prev in
	-s | -c | --password-file | --trust | --write)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--lang)
		mapfile -t COMPREPLY < <(compgen -W 'en zh' -- "$cur")
		return
		;;
	--profile)
		mapfile -t COMPREPLY < <(compgen -W 'public-im messenger lync \
			ocs2007r2 ocs2007 rfc8656' -- "$cur")
		return
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'table markdown csv json svg \
			nftables iptables ip6tables firewalld ufw' -- "$cur")
		return
		;;
	--as | --to | --server | --server-name | --count | --answer | \
		--timeout | --ssh | --edge | --from | --method | --arriving-as | --for | --role | \
		--user | --partner | --call)
		return
		;;
	esac
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $skip$word in
		-s | -c | --password-file | --trust | --as | --to | --server | \
			--server-name | --count | --answer | --timeout | \
			--format | --lang | --profile | --ssh | --edge | \
			--from | --method | --arriving-as | --for | --role | \
			--user | --partner | --call | --write)
			skip=value:
			continue
			;;
		-* | value:*) ;;
		*) words+="${words:+ }$word" ;;
		esac
		skip=''
	done
	case $cur in
	-*) word="-s --json --help $(_sallyport_options "$words")" ;;
	*) word=$(_sallyport_words "$words") ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
}

complete -F _sallyport sallyport
