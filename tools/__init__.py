"""What developers and pipelines run, and the app does not have.

package.py          builds what is published to Azure, and tries it
python.py           the Pythons of this machine, with what is asked for installed
refresh_prices.py   the table of prices from Azure's public price list: `make prices`
"""
