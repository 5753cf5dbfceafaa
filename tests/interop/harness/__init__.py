# SPDX-License-Identifier: Apache-2.0
"""What the conversations need: organisations, daemons, SIP peers, ledgers."""
