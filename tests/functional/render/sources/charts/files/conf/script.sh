#!/bin/sh
	echo "tab: {{ not a template }}" '$HOME' 日本語 ☃
exit 0
