"""`python -m linewise` is the command `linewise`."""

from linewise.cli import main

main()
